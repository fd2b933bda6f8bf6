"""What every room of the window uses: the bridge to the workers, the error sheet, states, icons."""
