"""Product passports as EN 18222 reads them."""
