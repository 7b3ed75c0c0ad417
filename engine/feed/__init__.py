"""Feeding a file of recorded incidents into a stack, through its public doors, at the pace of its engine clock."""
