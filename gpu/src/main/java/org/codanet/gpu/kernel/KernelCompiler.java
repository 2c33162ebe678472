package org.codanet.gpu.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.codanet.bindings.CacheFolder;
import org.codanet.bindings.LoadedLibrary;
import org.codanet.bindings.cuda.Cuda;
import org.codanet.gpu.driver.CudaContext;
import org.codanet.gpu.driver.Handle;
import org.codanet.gpu.driver.Stream;

/**
 * Compiles and loads the kernels of one device. Machine code for the GPU's architecture comes from the cache on disk or from NVRTC.
 * For a GPU newer than NVRTC, NVRTC compiles PTX for the newest architecture that it knows, and the driver translates it.
 */
public final class KernelCompiler implements AutoCloseable {
    /** One compilation takes a second or more of one processor. The threads end when they have had nothing to do. */
    private static final Executor COMPILERS = compilers();

    private final CudaContext context;
    private final Stream stream;
    private final KernelCache cache;
    private final String target;
    private final Map<KernelSource, Module> modules = new HashMap<>();
    /** Compilations that {@link #compileAhead} started and {@link #kernel} has not needed yet. */
    private final Map<KernelSource, CompletableFuture<byte[]>> ahead = new HashMap<>();

    private int compiled;

    public KernelCompiler(CudaContext context, Stream stream, LoadedLibrary nvrtc) {
        this.context = context;
        this.stream = stream;
        this.cache = new KernelCache(CacheFolder.path().resolve("kernels"), "NVRTC " + nvrtc.version());
        this.target = target(context.capability(), RuntimeCompiler.architectures());
    }

    /** {@code sm_90} if NVRTC knows the GPU's architecture 9.0, otherwise {@code compute_} and the newest older one that it knows. */
    static String target(int capability, List<Integer> known) {
        if (known.contains(capability)) {
            return "sm_" + capability;
        }
        return "compute_"
                + known.stream()
                        .filter(each -> each < capability)
                        .max(Integer::compare)
                        .orElseThrow(() -> new IllegalArgumentException(
                                "device: compute capability " + capability / 10 + "." + capability % 10
                                        + " is older than the architectures that NVRTC compiles for: " + known));
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

    /** The kernel {@code function} of a source, with no arguments set. The source is compiled at its first use on this device. */
    public Kernel kernel(KernelSource source, String function) {
        Module module = modules.get(source);
        if (module == null) {
            stream.refuseDuringCapture("compile a kernel; an eager run compiles it");
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

    private static Executor compilers() {
        int threads = Runtime.getRuntime().availableProcessors();
        ThreadPoolExecutor executor = new ThreadPoolExecutor(
                threads,
                threads,
                1,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                Thread.ofPlatform().daemon().name("kernel compiler ", 0).factory());
        executor.allowCoreThreadTimeOut(true);
        return executor;
    }

    private String target(KernelSource source) {
        return source.specific() ? target + "a" : target;
    }

    /**
     * Starts to compile the sources that are neither loaded nor in the cache, each on a thread of its own. A later call of {@link #kernel}
     * waits for its source only. The kernels of a network's layers differ in their defines, so a first start has many to compile.
     */
    public void compileAhead(List<KernelSource> sources) {
        for (KernelSource source : sources) {
            if (!modules.containsKey(source)
                    && !ahead.containsKey(source)
                    && cache.find(source, target(source)).isEmpty()) {
                ahead.put(
                        source,
                        CompletableFuture.supplyAsync(
                                () -> RuntimeCompiler.compile(source, target(source)), COMPILERS));
            }
        }
    }

    private byte[] compile(KernelSource source, String target) {
        CompletableFuture<byte[]> started = ahead.remove(source);
        if (started == null) {
            return RuntimeCompiler.compile(source, target);
        }
        try {
            return started.join();
        } catch (CompletionException failure) {
            throw failure.getCause() instanceof RuntimeException cause ? cause : failure;
        }
    }

    private Module load(KernelSource source) {
        String target = target(source);
        Optional<byte[]> cached = cache.find(source, target);
        byte[] code = cached.orElseGet(() -> {
            compiled++;
            return compile(source, target);
        });
        if (cached.isEmpty()) {
            cache.store(source, target, code);
        }
        context.enter();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
            // PTX is text, and the driver expects a terminating zero byte.
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

    /** The architecture that the kernels are compiled for, such as {@code sm_90}. */
    public String target() {
        return target;
    }

    /** Number of sources that NVRTC has compiled. The others came from the cache. */
    public int compiled() {
        return compiled;
    }

    @Override
    public void close() {
        ahead.clear();
        List<Module> open = new ArrayList<>(modules.values());
        modules.clear();
        open.forEach(Module::close);
    }
}
