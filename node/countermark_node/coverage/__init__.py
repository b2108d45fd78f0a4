"""Which goods should carry a label: brands' statements kept and answered from."""
