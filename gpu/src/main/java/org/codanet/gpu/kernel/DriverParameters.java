package org.codanet.gpu.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.codanet.bindings.cuda.Cuda;
import org.codanet.gpu.driver.CudaContext;

/**
 * The parameters of a kernel as the driver knows them, from {@code cuFuncGetParamInfo}. The function is looked up here and not in the
 * generated bindings, because drivers before CUDA 12.4 do not have it.
 */
@SuppressWarnings("restricted")
final class DriverParameters {
    private static final String FUNCTION = "cuFuncGetParamInfo";

    /** {@code CUresult cuFuncGetParamInfo(CUfunction func, size_t paramIndex, size_t* paramOffset, size_t* paramSize)}. */
    private static final Optional<MethodHandle> PARAMETER_INFO = SymbolLookup.loaderLookup()
            .find(FUNCTION)
            .map(address -> Linker.nativeLinker()
                    .downcallHandle(
                            address,
                            FunctionDescriptor.of(
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.ADDRESS,
                                    ValueLayout.JAVA_LONG,
                                    ValueLayout.ADDRESS,
                                    ValueLayout.ADDRESS)));

    private DriverParameters() {}

    /** Sizes of the parameters in bytes, in order; empty if the driver is too old to report them. */
    static Optional<List<Long>> sizes(CudaContext context, MemorySegment function, String kernel) {
        return PARAMETER_INFO.map(info -> sizes(info, context, function, kernel));
    }

    private static List<Long> sizes(MethodHandle info, CudaContext context, MemorySegment function, String kernel) {
        List<Long> sizes = new ArrayList<>();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment offset = arena.allocate(ValueLayout.JAVA_LONG);
            MemorySegment size = arena.allocate(ValueLayout.JAVA_LONG);
            int status = call(info, function, 0, offset, size);
            while (status == Cuda.CUDA_SUCCESS()) {
                sizes.add(size.get(ValueLayout.JAVA_LONG, 0));
                status = call(info, function, sizes.size(), offset, size);
            }
            // The loop ends at the index after the last parameter.
            if (status != Cuda.CUDA_ERROR_INVALID_VALUE()) {
                context.check(status, FUNCTION, kernel);
            }
        }
        return List.copyOf(sizes);
    }

    private static int call(
            MethodHandle info, MemorySegment function, long index, MemorySegment offset, MemorySegment size) {
        try {
            return (int) info.invokeExact(function, index, offset, size);
        } catch (RuntimeException | Error failure) {
            throw failure;
        } catch (Throwable impossible) {
            throw new AssertionError(impossible);
        }
    }
}
