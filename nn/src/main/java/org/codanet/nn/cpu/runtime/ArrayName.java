package org.codanet.nn.cpu.runtime;

/**
 * The name of one array of the {@link Workspace}. An enum that implements it names the arrays of one package. The constants with the
 * same ordinal of two enums are the same array, so that operations that run one after the other share memory.
 */
public interface ArrayName {
    int ordinal();

    String name();
}
