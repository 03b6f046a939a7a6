"""Resources as Azure Resource Manager knows them."""
