package org.codanet.cli;

/** Entry point of {@code bin/codanet}. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {}
}
