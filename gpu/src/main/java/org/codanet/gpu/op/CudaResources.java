package org.codanet.gpu.op;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.codanet.bindings.LoadedLibrary;
import org.codanet.gpu.driver.CudaContext;
import org.codanet.gpu.driver.DevicePointer;
import org.codanet.gpu.driver.MemoryPool;
import org.codanet.gpu.driver.Staging;
import org.codanet.gpu.driver.Stream;
import org.codanet.gpu.driver.Workspace;
import org.codanet.gpu.kernel.Kernel;
import org.codanet.gpu.kernel.KernelCompiler;
import org.codanet.gpu.kernel.KernelSource;
import org.codanet.gpu.library.CublasHandle;
import org.codanet.gpu.library.CudnnHandle;
import org.codanet.nn.device.Precision;
import org.codanet.nn.device.SelectionLog;

/**
 * Resources that the operations of one CUDA device share: context, stream, memory, workspace, kernels and library handles. Owns them and
 * closes them in reverse order of their dependencies: handles, kernels, buffers, memory, stream, context.
 */
public final class CudaResources implements AutoCloseable {
    /** Threads of a block, for kernels that have no reason for another number. */
    public static final int BLOCK = 256;

    private final CudaContext context;
    private final Precision precision;
    private final long chunkBytes;
    private final List<AutoCloseable> owned = new ArrayList<>();
    private final Stream stream;
    private final MemoryPool memory;
    private final Staging staging;
    private final Workspace workspace;
    private final KernelCompiler compiler;
    private final SelectionLog selections = new SelectionLog();
    private final Map<String, Integer> operations = new TreeMap<>();
    private CublasHandle cublas;
    private CudnnHandle cudnn;

    /**
     * Takes ownership of the context, even if this constructor throws.
     *
     * @param memoryBudget largest number of bytes held at once; 0 for no limit
     * @param chunkBytes largest workspace, in bytes, of an operation that can split its images into chunks
     */
    public CudaResources(
            CudaContext context, LoadedLibrary nvrtc, Precision precision, long memoryBudget, long chunkBytes) {
        this.context = context;
        this.precision = precision;
        this.chunkBytes = chunkBytes;
        try {
            owned.add(context);
            this.stream = own(Stream.create(context));
            this.memory = own(new MemoryPool(context, stream, memoryBudget));
            this.workspace = own(new Workspace(memory));
            this.staging = own(new Staging(stream));
            this.compiler = own(new KernelCompiler(context, stream, nvrtc));
        } catch (RuntimeException failure) {
            closeAll(failure);
            throw failure;
        }
    }

    private <T extends AutoCloseable> T own(T resource) {
        owned.add(resource);
        return resource;
    }

    public CudaContext context() {
        return context;
    }

    public String name() {
        return context.name();
    }

    public Precision precision() {
        return precision;
    }

    public Stream stream() {
        return stream;
    }

    public MemoryPool memory() {
        return memory;
    }

    public Staging staging() {
        return staging;
    }

    /** Receives the algorithms that operations select. */
    public SelectionLog selections() {
        return selections;
    }

    /** Temporary memory for one call of one operation. */
    public Workspace workspace() {
        return workspace;
    }

    /** The first {@code bytes} bytes of the workspace, which grows if it is smaller; {@link DevicePointer#NULL} for 0. */
    public DevicePointer workspace(long bytes) {
        return workspace.take(bytes);
    }

    /** Size of the workspace in bytes. */
    public long workspaceBytes() {
        return workspace.bytes();
    }

    public long chunkBytes() {
        return chunkBytes;
    }

    public KernelCompiler compiler() {
        return compiler;
    }

    /** A source whose blocks have {@link #BLOCK} threads. */
    public static KernelSource source(String file) {
        return KernelSource.of(file).define("BLOCK", BLOCK);
    }

    /** The kernel {@code function} of a source. The source is compiled at its first use. */
    public Kernel kernel(KernelSource source, String function) {
        return compiler.kernel(source, function);
    }

    /** Number of blocks of {@link #BLOCK} threads for one thread per element. */
    public static long blocks(long elements) {
        return Math.ceilDiv(elements, BLOCK);
    }

    /** Bytes of device memory that the library handles hold once they are open. */
    public long libraryBytes() {
        return CublasHandle.workspaceBytes(context);
    }

    /** cuBLAS, opened at the first use. */
    public CublasHandle cublas() {
        if (cublas == null) {
            cublas = own(CublasHandle.create(context, stream, memory, precision, selections));
        }
        return cublas;
    }

    /** cuDNN, opened at the first use. */
    CudnnHandle cudnn() {
        if (cudnn == null) {
            cudnn = own(CudnnHandle.create(context, stream, precision, selections));
        }
        return cudnn;
    }

    /** Counts an object that a scope owns on this device, until {@link #closed}. */
    public void opened(String owner) {
        operations.merge(owner, 1, Integer::sum);
    }

    /** Ends the count that {@link #opened} began. */
    public void closed(String owner) {
        operations.computeIfPresent(owner, (key, count) -> count == 1 ? null : count - 1);
    }

    /** Frees the workspace and the idle blocks of the memory pool. */
    public void trimMemory() {
        stream.refuseDuringCapture("trim memory");
        workspace.close();
        memory.trim();
    }

    /** Paths of the scopes that hold memory or operations. */
    public Set<String> owners() {
        workspace.close();
        Set<String> open = new TreeSet<>(operations.keySet());
        open.addAll(memory.owners());
        if (cublas != null) {
            open.remove(CublasHandle.OWNER);
        }
        return open;
    }

    @Override
    public void close() {
        RuntimeException failure = null;
        try {
            // Queued work may still use the kernels and pinned buffers, which are freed first.
            stream.drain();
        } catch (RuntimeException e) {
            failure = e;
        }
        failure = closeAll(failure);
        if (failure != null) {
            throw failure;
        }
    }

    /**
     * Closes all resources, newest first, even if one of them throws.
     *
     * @return the first failure, with the others suppressed in it
     */
    private RuntimeException closeAll(RuntimeException first) {
        RuntimeException failure = first;
        for (AutoCloseable resource : owned.reversed()) {
            try {
                resource.close();
            } catch (Exception e) {
                if (failure == null) {
                    failure = e instanceof RuntimeException unchecked ? unchecked : new IllegalStateException(e);
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        owned.clear();
        return failure;
    }
}
