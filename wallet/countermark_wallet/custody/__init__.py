"""Goods in hand: held, handed over, packed, claimed, seized."""
