package org.codanet.gpu.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.codanet.bindings.CacheFolder;
import org.codanet.bindings.LoadedLibrary;
import org.codanet.bindings.cuda.Cuda;
import org.codanet.gpu.driver.CudaContext;
import org.codanet.gpu.driver.Handle;
import org.codanet.gpu.driver.Stream;

/**
 * The kernels of one device: source text in, launchable function out. Machine code for the card's architecture comes from the
 * disk or from NVRTC; for a card newer than NVRTC, PTX of the newest architecture it knows, which the driver translates.
 */
public final class KernelCompiler implements AutoCloseable {
    private final CudaContext context;
    private final Stream stream;
    private final KernelCache cache;
    private final String target;
    private final Map<KernelSource, Module> modules = new HashMap<>();
    private int compiled;

    public KernelCompiler(CudaContext context, Stream stream, LoadedLibrary nvrtc) {
        this.context = context;
        this.stream = stream;
        this.cache = new KernelCache(CacheFolder.path().resolve("kernels"), "NVRTC " + nvrtc.version());
        this.target = target(context.capability(), RuntimeCompiler.architectures());
    }

    /** {@code sm_90} if NVRTC knows the card, else {@code compute_} and the newest older one it knows. */
    static String target(int capability, List<Integer> known) {
        if (known.contains(capability)) {
            return "sm_" + capability;
        }
        return "compute_"
                + known.stream()
                        .filter(each -> each < capability)
                        .max(Integer::compare)
                        .orElseThrow(() -> new IllegalArgumentException("device: compute capability " + capability / 10
                                + "." + capability % 10 + " is older than all that NVRTC compiles for: " + known));
    }

    private static final class Module extends Handle {
        private final Map<String, Kernel> kernels = new HashMap<>();
        private final Map<String, KernelParameters> parameters;

        private Module(CudaContext context, KernelSource source, MemorySegment handle) {
            super(context, "module " + source.file(), handle);
            this.parameters = KernelParameters.of(source);
        }

        @Override
        protected void destroy(MemorySegment handle) {
            kernels.values().forEach(Kernel::close);
            context().checkClosing(Cuda.cuModuleUnload(handle), "cuModuleUnload", this);
        }
    }

    /** A function of a source, compiled at most once for this device, and without arguments. */
    public Kernel kernel(KernelSource source, String function) {
        Module module = modules.get(source);
        if (module == null) {
            stream.refuseWhileRecording("compile a kernel, which its first run by a call does");
            module = load(source);
            modules.put(source, module);
        }
        Kernel kernel = module.kernels.get(function);
        if (kernel == null) {
            kernel = find(module, function);
            module.kernels.put(function, kernel);
        }
        return kernel.begin();
    }

    private Module load(KernelSource source) {
        Optional<byte[]> kept = cache.find(source, target);
        byte[] code = kept.orElseGet(() -> {
            compiled++;
            return RuntimeCompiler.compile(source, target);
        });
        if (kept.isEmpty()) {
            cache.keep(source, target, code);
        }
        context.enter();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
            // PTX is text and must end with a zero.
            MemorySegment image = arena.allocate(code.length + 1L, 16);
            MemorySegment.copy(code, 0, image, ValueLayout.JAVA_BYTE, 0, code.length);
            context.check(Cuda.cuModuleLoadData(out, image), "cuModuleLoadData", source + " for " + target);
            return new Module(context, source, out.get(ValueLayout.ADDRESS, 0));
        }
    }

    private Kernel find(Module module, String function) {
        context.enter();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
            context.check(
                    Cuda.cuModuleGetFunction(out, module.handle(), arena.allocateFrom(function)),
                    "cuModuleGetFunction",
                    function);
            MemorySegment handle = out.get(ValueLayout.ADDRESS, 0);
            KernelParameters parameters = module.parameters.get(function);
            if (parameters == null) {
                throw new IllegalStateException(
                        "kernel " + function + " is in " + module + " and its source does not declare it");
            }
            DriverParameters.sizes(context, handle, function).ifPresent(parameters::requireSizes);
            return new Kernel(context, stream, function, handle, parameters);
        }
    }

    /** What the kernels are compiled for. */
    public String target() {
        return target;
    }

    /** How many sources NVRTC had to compile; the others were on the disk. */
    public int compiled() {
        return compiled;
    }

    @Override
    public void close() {
        List<Module> open = new ArrayList<>(modules.values());
        modules.clear();
        open.forEach(Module::close);
    }
}
