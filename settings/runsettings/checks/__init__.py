"""Wrong settings found before a run: in CI, in a commit hook, in the editor.

What enters here looks at settings and config files with the code that starts a run, and
changes nothing, but for the fixes and lock files it is asked for. Rules live in the rooms
below; here they are applied to many files, chosen, and reported in the formats of other tools.
"""
