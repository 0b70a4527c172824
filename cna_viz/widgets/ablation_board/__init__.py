"""The ablation board: C, N and A as switches, and what it does to the score to flip one."""

from cna_viz.widgets.ablation_board.board import AblationBoard
from cna_viz.widgets.ablation_board.look import Look

__all__ = ["AblationBoard", "Look"]
