"""Histories of ranks into signals, axes, probabilities and stages; and the backtest that judges them.

scoring.score      every item standing on a list now: probability, velocity, stage, reasons
axes, oddness      新, 奇, 特 of a product, from plain facts
rules              what counts as a breakout on a kind of list
online_state       the signals, computed online, a step a snapshot; signal_replay goes on from kept states
trials, metrics    who could have broken out, who did, and what a ranking of them was worth
"""
