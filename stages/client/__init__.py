"""What a person does between turns: the `argus` command."""
