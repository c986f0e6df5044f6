-- All of its rows were written anew after the step before.
DROP TABLE container_before;
