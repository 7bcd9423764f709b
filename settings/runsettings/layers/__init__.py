"""Reads the layers: a small module for each kind of source, with a class that has `read`.

A layer turns its inputs (files, an environment, parsed flags, keyword arguments) into a `Tree`
whose leaves know the layer. All inputs are passed in `Inputs`; code in this room does not take
``os.environ``, ``sys.argv`` or the working directory from elsewhere.
"""
