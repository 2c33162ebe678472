package org.codanet.gpu.kernel;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * One {@code .cu} file of this module, and the preprocessor defines that it is compiled with.
 *
 * @param file path within the resource folder of the operations, such as {@code adam.cu}
 * @param defines such as {@code BLOCK=256}. Launch geometry and enum values are defined once, in Java, for both the kernel and its
 *     launch
 * @param specific whether the source uses instructions that only one architecture has, see {@link #architectureSpecific}
 */
public record KernelSource(String file, List<String> defines, boolean specific) {
    /** Threads of a warp on every GPU so far. Defined as {@code WARP_SIZE} in every source. */
    public static final int WARP_SIZE = 32;

    private static final String FOLDER = "/org/codanet/gpu/op/";
    /** Prepended to every file: functions that have one body for a GPU and another one in C++. */
    private static final String COMMON = "device.cuh";

    private static final Pattern INCLUDE = Pattern.compile("#include \"([\\w/]+\\.cuh)\"");

    /** Copies the list. */
    public KernelSource {
        defines = List.copyOf(defines);
    }

    /** A file with {@code WARP_SIZE} as its only define. */
    public static KernelSource of(String file) {
        return new KernelSource(file, List.of(), false).define("WARP_SIZE", WARP_SIZE);
    }

    /** A copy of this source with one more define. */
    public KernelSource define(String name, long value) {
        List<String> more = new ArrayList<>(defines);
        more.add(name + "=" + value);
        return new KernelSource(file, more, specific);
    }

    /** A copy of this source that is compiled with the instructions that only the GPU's own architecture has, such as {@code sm_90a}. */
    public KernelSource architectureSpecific() {
        return new KernelSource(file, defines, true);
    }

    /** A copy of this source with a define that is 1 for true and 0 for false. */
    public KernelSource define(String name, boolean value) {
        return define(name, value ? 1 : 0);
    }

    /** A copy of this source with a define for each constant of an enum: {@code PREFIX_NAME} is the constant's ordinal. */
    public KernelSource define(String prefix, Class<? extends Enum<?>> type) {
        KernelSource source = this;
        for (Enum<?> constant : type.getEnumConstants()) {
            source = source.define(prefix + "_" + constant.name(), constant.ordinal());
        }
        return source;
    }

    /** The text for the compiler. Included files are inserted here, because NVRTC has no folder to read them from. */
    public String text() {
        StringBuilder text = new StringBuilder(read(COMMON));
        append(text, file);
        return text.toString();
    }

    private static void append(StringBuilder text, String name) {
        text.append("#line 1 \"").append(name).append("\"\n");
        int number = 0;
        for (String line : read(name).lines().toList()) {
            number++;
            Matcher include = INCLUDE.matcher(line);
            if (include.matches()) {
                append(text, include.group(1));
                text.append("#line ")
                        .append(number + 1)
                        .append(" \"")
                        .append(name)
                        .append("\"\n");
            } else {
                text.append(line).append('\n');
            }
        }
    }

    /** The defines as the compiler's options. */
    public Stream<String> options() {
        return defines.stream().map(define -> "-D" + define);
    }

    private static String read(String name) {
        try (InputStream in = KernelSource.class.getResourceAsStream(FOLDER + name)) {
            if (in == null) {
                throw new IllegalArgumentException("kernel: this program has no file " + name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("kernel: cannot read " + name, e);
        }
    }
}
