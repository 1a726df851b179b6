"""The rules of participation: pure, standard library only, time always an argument."""
