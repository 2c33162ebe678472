package org.codanet.gpu.kernel;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

/**
 * One {@code .cu} file of this module and the numbers it is compiled with.
 *
 * @param file its name beside the operations, such as {@code adam.cu}
 * @param defines such as {@code BLOCK=256}: said once, in Java, for the kernel and its launch
 */
public record KernelSource(String file, List<String> defines) {
    private static final String FOLDER = "/org/codanet/gpu/op/";
    /** Stands before every file: what has two bodies, one for a GPU and one in C++. */
    private static final String COMMON = "device.cuh";

    /** Copies the list. */
    public KernelSource {
        defines = List.copyOf(defines);
    }

    /** A file with defines. */
    public static KernelSource of(String file, String... defines) {
        return new KernelSource(file, List.of(defines));
    }

    /** What the compiler reads. */
    public String text() {
        return read(COMMON) + "#line 1 \"" + file + "\"\n" + read(file);
    }

    /** The defines as the compiler's options. */
    public Stream<String> options() {
        return defines.stream().map(define -> "-D" + define);
    }

    private static String read(String name) {
        try (InputStream in = KernelSource.class.getResourceAsStream(FOLDER + name)) {
            if (in == null) {
                throw new IllegalArgumentException("kernel: there is no " + name + " in this program");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("kernel: cannot read " + name, e);
        }
    }
}
