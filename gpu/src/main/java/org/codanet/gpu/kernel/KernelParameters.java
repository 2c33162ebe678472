package org.codanet.gpu.kernel;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The parameters of one kernel as its source declares them. The arguments of every launch are checked against them, because {@code
 * cuLaunchKernel} checks nothing. Without the check, a forgotten argument would keep its value from an earlier launch.
 */
final class KernelParameters {
    private static final Pattern KERNEL = Pattern.compile("\\bextern \"C\" __global__\\s+"
            + "(?:__launch_bounds__\\((?:[^()]|\\([^()]*\\))*\\)\\s*)?void\\s+(\\w+)\\s*\\(([^)]*)\\)");

    private static final Map<String, Argument> TYPES = Map.of(
            "int", Argument.INT32,
            "unsigned", Argument.INT32,
            "long long", Argument.INT64,
            "size_t", Argument.INT64,
            "float", Argument.FLOAT32,
            "double", Argument.FLOAT64);

    private final String kernel;
    private final List<Argument> types;

    private KernelParameters(String kernel, List<Argument> types) {
        this.kernel = kernel;
        this.types = List.copyOf(types);
    }

    /**
     * The parameters of every kernel of a source, by kernel name.
     *
     * @throws IllegalArgumentException if a parameter has a type that {@link Kernel} cannot set
     */
    static Map<String, KernelParameters> of(KernelSource source) {
        Map<String, KernelParameters> all = new HashMap<>();
        Matcher kernel = KERNEL.matcher(source.text());
        while (kernel.find()) {
            String name = kernel.group(1) + " of " + source.file();
            List<Argument> types = new ArrayList<>();
            for (String parameter : kernel.group(2).split(",")) {
                types.add(type(parameter.strip(), name));
            }
            all.put(kernel.group(1), new KernelParameters(name, types));
        }
        return all;
    }

    private static Argument type(String parameter, String kernel) {
        if (parameter.contains("*")) {
            return Argument.POINTER;
        }
        Argument type = TYPES.get(parameter.replaceFirst("^const\\s+", "").replaceFirst("\\s*\\w+$", ""));
        if (type == null) {
            throw new IllegalArgumentException("kernel " + kernel + ": a launch cannot set a parameter '" + parameter
                    + "'; known types are pointers, int, long long, float and double");
        }
        return type;
    }

    int count() {
        return types.size();
    }

    /**
     * Checks that the driver reports the same parameter sizes.
     *
     * @param driver sizes in bytes, in order
     * @throws IllegalStateException if the number of parameters or a size differs
     */
    void requireSizes(List<Long> driver) {
        List<Long> declared = types.stream().map(type -> (long) type.bytes()).toList();
        if (!declared.equals(driver)) {
            throw new IllegalStateException("kernel " + kernel + ": the source declares parameters of " + declared
                    + " bytes, the driver has parameters of " + driver);
        }
    }

    /**
     * Checks the arguments of a launch.
     *
     * @param given types of the arguments, in order; entries from index {@code count} on are ignored
     * @throws IllegalArgumentException if the number of arguments or the type of one is wrong
     */
    void check(Argument[] given, int count) {
        if (count != types.size()) {
            throw new IllegalArgumentException(
                    "kernel " + kernel + ": " + count + " arguments were set, it has " + types.size() + " parameters");
        }
        for (int i = 0; i < count; i++) {
            if (given[i] != types.get(i)) {
                throw new IllegalArgumentException("kernel " + kernel + ": argument " + (i + 1) + " of " + count
                        + " has type " + described(given[i]) + ", the parameter " + described(types.get(i)));
            }
        }
    }

    private static String described(Argument type) {
        return type + " (" + type.bytes() + " bytes)";
    }
}
