package org.codanet.bench;

import java.util.concurrent.TimeUnit;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;
import org.codanet.nn.device.Precision;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Base class of all benchmarks. It opens and closes a device and a scope. Results are average milliseconds per call, measured in a
 * new JVM. Benchmark methods must wait for the device before they return, because launches are asynchronous.
 */
@State(org.openjdk.jmh.annotations.Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public abstract class OnDevice {
    /** Name of the device, see {@link Devices#open}. */
    @Param("cpu")
    public String device;

    /** Number of worker threads; 0 for one per processor. */
    @Param("0")
    public int threads;

    /** Precision of matrix products. */
    @Param("FP32")
    public Precision precision;

    private Device opened;
    private Scope scope;

    /** Opens the device, then calls {@link #prepare}. */
    @Setup(Level.Trial)
    public void open() {
        opened = Devices.open(
                device, DeviceOptions.defaults().withThreads(threads).withPrecision(precision));
        scope = Scope.open("benchmark");
        prepare(opened, scope);
    }

    /** Closes scope and device. */
    @TearDown(Level.Trial)
    public void close() {
        scope.close();
        opened.close();
    }

    /** Creates the operations and tensors of the benchmark, owned by {@code owner}. */
    protected abstract void prepare(Device on, Scope owner);

    /** The device. */
    protected final Device device() {
        return opened;
    }

    /** A tensor with values from {@code -scale} to {@code scale}. The values vary, and are the same in every run. */
    protected static Tensor values(Device on, Scope owner, Shape shape, double scale) {
        float[] values = new float[Math.toIntExact(shape.elements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (scale * ((i * 7919L % 2003) / 1001.0 - 1));
        }
        Tensor tensor = on.allocate(owner, shape);
        on.upload(values, tensor);
        return tensor;
    }
}
