"""Write down what code every training and every judgement rests on."""
