"""Where leaves come from: one small module a source, all with the same `read`.

A layer turns its inputs (files, an environment, parsed flags, keyword arguments) into a
`Tree` whose leaves know the layer. All inputs are handed in; nothing here reads
``os.environ``, ``sys.argv`` or the working directory in passing.
"""
