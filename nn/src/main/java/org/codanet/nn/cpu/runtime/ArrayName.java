package org.codanet.nn.cpu.runtime;

/**
 * The name of one array of the {@link Workspace}. An enum that implements this interface names the arrays of one package. Constants of
 * different enums with the same ordinal name the same array, so operations that run one after the other share memory.
 */
public interface ArrayName {
    int ordinal();

    String name();
}
