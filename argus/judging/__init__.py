"""How models are judged: held-out reals, baselines, metrics, statistics, the gate."""
