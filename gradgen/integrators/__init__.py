"""Rules for functions of ``scipy.integrate`` that call a function of the user's.

Rules for derivatives are differentiated in turn, as often as one likes. Let ``T(x, v)``
be the tangent of a solution at ``x`` in the direction ``v``, and ``A(x, w)`` the
cotangent of ``x``, given that of the solution. As ``<w, T(x, v)> = <A(x, w), v>``,
derivatives of ``A`` are cotangents of ``T``; and ``T`` solves an equation, or is an
integral, of the same kind, of a function that takes ``jvp`` of the user's.

The modules are imported when one of these functions is first called in a function that
is differentiated. Rules are compiled as those of users are; what they call is not.
"""
