package org.codanet.bindings;

import java.util.List;

/**
 * Bare library names, which the system's dynamic linker looks for where it always looks ({@code LD_LIBRARY_PATH},
 * cache).
 */
record SystemName(String origin, List<String> candidates) implements NativeLibrary.Source {}
