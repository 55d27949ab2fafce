"""Sources and their deliveries: registered, checked, withdrawn, retired."""
