"""Choose the settings of every arm of a grid on the validation nodes, with equal effort."""
