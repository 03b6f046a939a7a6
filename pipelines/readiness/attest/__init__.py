"""The verdict signed, so that somebody else can check it: in-toto statement, SLSA VSA, DSSE."""
