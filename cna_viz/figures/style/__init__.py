"""How figures look: colours, dashes and markers, labels, the dark theme, and what is refused."""
