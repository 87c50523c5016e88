"""How the IR says what a reverse sweep computes again instead of storing it.

A region to be computed again is an ``if`` that always holds, with the attribute
``CHECKPOINT``: ``"call"``, or ``"every"`` or ``"memory"`` for the loop in it that has
the attribute ``MARKED``; the number of turns or bytes is then a second operand. Loops
made from it that copy arrays to keep states, as the user asked, have ``KEEPS``.
"""

CHECKPOINT = "checkpoint"
MARKED = "checkpointed"
KEEPS = "keeps_states"
