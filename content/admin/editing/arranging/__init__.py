"""Arranging the blocks of a draft: what kinds there are, their list, moving, adding and copying them."""
