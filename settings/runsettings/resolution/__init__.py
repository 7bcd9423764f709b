"""Which value wins, and why: the options of a model, the merge, the policy, the explanation.

What enters here works on trees from `layers` and knows no file, no variable and no model
class of ours; a model is seen only as its table of options.
"""
