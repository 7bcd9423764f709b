"""`init`, from its arguments to a started run.

Login, resume and the name of a run are decided here.
"""
