package org.codanet.gpu.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.codanet.bindings.nvrtc.Nvrtc;
import org.codanet.nn.device.DeviceException;

/** Compiles a kernel source with NVRTC, to machine code for one architecture or to PTX. Needs neither a GPU nor a driver. */
public final class RuntimeCompiler {
    private RuntimeCompiler() {}

    /** Architectures that the loaded NVRTC compiles for, such as 75, 80, 90. */
    public static List<Integer> architectures() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment count = arena.allocate(ValueLayout.JAVA_INT);
            check(Nvrtc.nvrtcGetNumSupportedArchs(count), "nvrtcGetNumSupportedArchs", "");
            MemorySegment list = arena.allocate(ValueLayout.JAVA_INT, count.get(ValueLayout.JAVA_INT, 0));
            check(Nvrtc.nvrtcGetSupportedArchs(list), "nvrtcGetSupportedArchs", "");
            return IntStream.of(list.toArray(ValueLayout.JAVA_INT)).boxed().toList();
        }
    }

    /**
     * Compiles a source.
     *
     * @param target {@code sm_90} or {@code sm_90a} for machine code of that architecture; {@code compute_90} for PTX, which the
     *     driver translates for a newer GPU
     * @return a cubin, or the text of the PTX
     * @throws DeviceException with the compiler's log, if the source does not compile
     */
    public static byte[] compile(KernelSource source, String target) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
            check(
                    Nvrtc.nvrtcCreateProgram(
                            out,
                            arena.allocateFrom(source.text()),
                            arena.allocateFrom(source.file()),
                            0,
                            MemorySegment.NULL,
                            MemorySegment.NULL),
                    "nvrtcCreateProgram",
                    source.file());
            MemorySegment program = out.get(ValueLayout.ADDRESS, 0);
            try {
                List<String> options = options(source, target);
                MemorySegment texts = arena.allocate(ValueLayout.ADDRESS, options.size());
                for (int i = 0; i < options.size(); i++) {
                    texts.setAtIndex(ValueLayout.ADDRESS, i, arena.allocateFrom(options.get(i)));
                }
                int status = Nvrtc.nvrtcCompileProgram(program, options.size(), texts);
                check(status, "nvrtcCompileProgram", source + " for " + target + log(arena, program, status));
                return code(arena, program, target.startsWith("compute_"));
            } finally {
                check(Nvrtc.nvrtcDestroyProgram(out), "nvrtcDestroyProgram", source.file());
            }
        }
    }

    /** The compiler's options for a source. */
    static List<String> options(KernelSource source, String target) {
        List<String> options = new ArrayList<>(List.of("--gpu-architecture=" + target, "--std=c++17"));
        source.options().forEach(options::add);
        return options;
    }

    private static String log(Arena arena, MemorySegment program, int status) {
        MemorySegment size = arena.allocate(ValueLayout.JAVA_LONG);
        if (status == Nvrtc.NVRTC_SUCCESS() || Nvrtc.nvrtcGetProgramLogSize(program, size) != Nvrtc.NVRTC_SUCCESS()) {
            return "";
        }
        MemorySegment log = arena.allocate(size.get(ValueLayout.JAVA_LONG, 0) + 1);
        return Nvrtc.nvrtcGetProgramLog(program, log) == Nvrtc.NVRTC_SUCCESS()
                ? "\n" + log.getString(0).strip()
                : "";
    }

    private static byte[] code(Arena arena, MemorySegment program, boolean ptx) {
        MemorySegment size = arena.allocate(ValueLayout.JAVA_LONG);
        check(
                ptx ? Nvrtc.nvrtcGetPTXSize(program, size) : Nvrtc.nvrtcGetCUBINSize(program, size),
                "nvrtcGetCUBINSize",
                "");
        MemorySegment code = arena.allocate(size.get(ValueLayout.JAVA_LONG, 0));
        check(ptx ? Nvrtc.nvrtcGetPTX(program, code) : Nvrtc.nvrtcGetCUBIN(program, code), "nvrtcGetCUBIN", "");
        return code.toArray(ValueLayout.JAVA_BYTE);
    }

    private static void check(int status, String function, String subject) {
        if (status != Nvrtc.NVRTC_SUCCESS()) {
            throw new DeviceException(
                    function + ": " + Nvrtc.nvrtcGetErrorString(status).getString(0) + " (" + status + ")"
                            + (subject.isEmpty() ? "" : " for " + subject));
        }
    }
}
