"""Kustomize: what kustomizations render to, from their files; no program is run.

:func:`afscan.platforms.kustomize.build.render` is the door. Files are recognised with Kubernetes' own, which see.
"""
