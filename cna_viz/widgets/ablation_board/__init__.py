"""The ablation board: switch C, N and A, and compare the scores."""

from cna_viz.widgets.ablation_board.arm_spec import ArmSpec
from cna_viz.widgets.ablation_board.board import AblationBoard

__all__ = ["AblationBoard", "ArmSpec"]
