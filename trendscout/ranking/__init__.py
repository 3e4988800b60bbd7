"""Histories of ranks into signals, axes, probabilities and stages; and the backtest that judges them.

scoring.score      every item standing on a list now: probability, velocity, stage, reasons
axes, oddness      新, 奇, 特 of a product, from plain facts
rules              what counts as a breakout on a kind of list
fold, replay       the signals, as one fold over snapshots; its state can be stored and stepped on
trials, metrics    who could have broken out, who did, and what a ranking of them was worth
"""
