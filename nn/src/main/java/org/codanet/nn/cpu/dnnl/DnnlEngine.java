package org.codanet.nn.cpu.dnnl;

import static org.codanet.bindings.dnnl.Dnnl.*;

import java.lang.foreign.MemorySegment;
import org.codanet.bindings.NativeLibraryException;
import org.codanet.bindings.OneDnn;
import org.codanet.bindings.OpenMp;
import org.codanet.nn.device.DeviceException;

/** oneDNN's CPU engine and its stream. Only this class checks the status codes of oneDNN. */
public final class DnnlEngine implements AutoCloseable {
    private final String device;
    private final int threads;
    private final DnnlHandles handles = new DnnlHandles();
    private final MemorySegment engine;
    private final MemorySegment stream;

    /**
     * @param threads number of threads that a computation uses
     * @throws DeviceException if oneDNN cannot be loaded, with every path that was tried, or if one of its calls fails
     */
    public DnnlEngine(String device, int threads) {
        this.device = device;
        this.threads = threads;
        try {
            OneDnn.load();
        } catch (NativeLibraryException e) {
            handles.close();
            throw new DeviceException("convolution on " + device + ": " + e.getMessage(), e);
        }
        try {
            engine = handles.own(
                    out -> check(dnnl_engine_create(out, dnnl_cpu(), 0), "dnnl_engine_create", "index 0"),
                    handle -> check(dnnl_engine_destroy(handle), "dnnl_engine_destroy", "index 0"));
            stream = handles.own(
                    out -> check(
                            dnnl_stream_create(out, engine, dnnl_stream_default_flags()),
                            "dnnl_stream_create",
                            "index 0"),
                    handle -> check(dnnl_stream_destroy(handle), "dnnl_stream_destroy", "index 0"));
        } catch (RuntimeException | Error e) {
            handles.close();
            throw e;
        }
    }

    MemorySegment engine() {
        return engine;
    }

    MemorySegment stream() {
        return stream;
    }

    /**
     * Sets oneDNN's number of threads for computations of the calling thread to that of the device. oneDNN stores the setting per
     * thread.
     */
    void useThreads() {
        OpenMp.setThreads(threads);
    }

    /**
     * @param function the function that returned {@code status}
     * @param subject what it was called for
     * @throws DeviceException if the call failed
     */
    void check(int status, String function, Object subject) {
        if (status != dnnl_success()) {
            throw new DeviceException(
                    function + ": " + nameOf(status) + " (" + status + ") for " + subject + " on " + device);
        }
    }

    private static String nameOf(int status) {
        return switch (status) {
            case 1 -> "dnnl_out_of_memory";
            case 2 -> "dnnl_invalid_arguments";
            case 3 -> "dnnl_unimplemented";
            case 4 -> "dnnl_last_impl_reached";
            case 5 -> "dnnl_runtime_error";
            case 6 -> "dnnl_not_required";
            case 7 -> "dnnl_invalid_graph";
            case 8 -> "dnnl_invalid_graph_op";
            case 9 -> "dnnl_invalid_shape";
            case 10 -> "dnnl_invalid_data_type";
            default -> "unknown status";
        };
    }

    @Override
    public void close() {
        handles.close();
    }
}
