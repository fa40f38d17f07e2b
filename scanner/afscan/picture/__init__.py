"""The joined stack as a picture for people and programs: what runs, who talks to whom, what watches it, what is not known.

:mod:`~afscan.picture.build` makes the records of :mod:`~afscan.picture.records` out of a stack; one module renders each form.
Nothing of this is imported by a scan.
"""
