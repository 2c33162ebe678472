package org.codanet.bindings;

import java.util.List;

/**
 * Bare library names, which the system's dynamic linker resolves ({@code LD_LIBRARY_PATH}, then its cache).
 */
record SystemName(String origin, List<String> candidates) implements NativeLibrary.Source {}
