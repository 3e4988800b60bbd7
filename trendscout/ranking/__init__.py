"""Histories of ranks into signals, axes, probabilities and stages; and the backtest that judges them."""
