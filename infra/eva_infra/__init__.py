"""EVA API on Azure: what each stack is made of, and the proofs that need no subscription."""
