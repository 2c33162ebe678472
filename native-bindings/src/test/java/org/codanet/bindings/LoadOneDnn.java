package org.codanet.bindings;

import java.util.Scanner;

/** The program of the child JVMs: loads oneDNN and prints the result, one field per line. */
final class LoadOneDnn {
    private LoadOneDnn() {}

    public static void main(String[] arguments) {
        if (Boolean.getBoolean("codanet.test.wait")) {
            // The test releases several JVMs at the same time, after all have started.
            new Scanner(System.in, java.nio.charset.StandardCharsets.UTF_8).nextLine();
        }
        try {
            LoadedLibrary library = OneDnn.load();
            System.out.println("origin=" + library.origin());
            System.out.println("path=" + library.path());
            System.out.println("version=" + library.version());
            library.rejected().forEach(each -> System.out.println("rejected=" + each));
        } catch (NativeLibraryException failure) {
            System.out.println("failed=" + failure.getMessage());
        }
    }
}
