package org.codanet.gpu.library;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.codanet.bindings.CudaLibraries;
import org.codanet.bindings.cudnn.Cudnn;
import org.codanet.gpu.driver.CudaContext;
import org.codanet.gpu.driver.Handle;
import org.codanet.gpu.driver.Stream;
import org.codanet.nn.device.Precision;
import org.codanet.nn.device.SelectionLog;
import org.codanet.nn.op.ConvolutionShape;

/** cuDNN on one device's stream, with the plans of all convolutions that have run on it. */
public final class CudnnHandle extends Handle {
    private final Precision precision;
    private final SelectionLog selections;
    private final Map<CudnnPlan.Key, CudnnPlan> plans = new HashMap<>();

    private CudnnHandle(CudaContext context, MemorySegment handle, Precision precision, SelectionLog selections) {
        super(context, "cuDNN handle", handle);
        this.precision = precision;
        this.selections = selections;
    }

    /**
     * Opens cuDNN on a stream.
     *
     * @param precision of the convolutions
     * @param selections receives the selected algorithms
     */
    public static CudnnHandle create(CudaContext context, Stream stream, Precision precision, SelectionLog selections) {
        CudaLibraries.cudnn();
        context.enter();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ValueLayout.ADDRESS);
            context.checkCudnn(Cudnn.cudnnCreate(out), "cudnnCreate", "the device");
            MemorySegment handle = out.get(ValueLayout.ADDRESS, 0);
            try {
                context.checkCudnn(Cudnn.cudnnSetStream(handle, stream.handle()), "cudnnSetStream", "the device");
            } catch (RuntimeException failure) {
                Cudnn.cudnnDestroy(handle);
                throw failure;
            }
            return new CudnnHandle(context, handle, precision, selections);
        }
    }

    /** The plan for a convolution of an input (n, h, w, Ci). It is created at the first use. */
    public CudnnPlan plan(ConvolutionShape shape, int n, int h, int w) {
        return plans.computeIfAbsent(new CudnnPlan.Key(shape, n, h, w), key -> {
            CudnnPlan plan = new CudnnPlan(context(), handle(), precision, key);
            selections.report(plan);
            return plan;
        });
    }

    @Override
    protected void destroy(MemorySegment handle) {
        List<CudnnPlan> all = new ArrayList<>(plans.values());
        plans.clear();
        all.forEach(CudnnPlan::close);
        int status = Cudnn.cudnnDestroy(handle);
        if (!context().isDead()) {
            context().checkCudnn(status, "cudnnDestroy", this);
        }
    }
}
