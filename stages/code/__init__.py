"""Record the code that every training and every evaluation rests on."""
