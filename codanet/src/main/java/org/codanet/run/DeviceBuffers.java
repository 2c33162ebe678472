package org.codanet.run;

import org.codanet.nn.device.Device;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;

/** The buffers of a {@link BufferLayout} in one tensor on a device. */
public final class DeviceBuffers {
    private final BufferLayout layout;
    private final Device device;
    private final Tensor storage;

    /** Buffers with undefined contents. @param scope owner of the tensor; an empty layout allocates none */
    DeviceBuffers(BufferLayout layout, Device device, Scope scope) {
        this.layout = layout;
        this.device = device;
        this.storage = layout.elements() == 0 ? null : device.allocate(scope, Shape.of(layout.elements()));
    }

    /** A view of one buffer in its shape. @throws IllegalArgumentException if there is none of that name */
    public Tensor get(String name) {
        BufferLayout.Buffer buffer = layout.buffer(name);
        return storage.slice(buffer.offset(), buffer.elements()).reshape(buffer.shape());
    }

    /** Copies all buffers to the device. @throws IllegalArgumentException if there are fewer of them */
    void upload(HostBuffers source) {
        if (storage != null) {
            device.upload(source.values(), storage);
        }
    }

    /** Waits for the work queued before, then copies all buffers to the heap. */
    HostBuffers download() {
        HostBuffers result = new HostBuffers(layout);
        if (storage != null) {
            device.download(storage, result.values());
        }
        return result;
    }
}
