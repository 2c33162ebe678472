package org.codanet.nn.cpu.dnnl;

import static org.codanet.bindings.dnnl.Dnnl.*;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Creates and owns the memory descriptors of a convolution and the attributes of its primitives. */
final class DnnlFormats implements AutoCloseable {
    private final DnnlEngine engine;
    private final Object subject;
    private final DnnlHandles handles = new DnnlHandles();

    DnnlFormats(DnnlEngine engine, Object subject) {
        this.engine = engine;
        this.subject = subject;
    }

    /**
     * A memory descriptor.
     *
     * @param type {@code dnnl_f32} or {@code dnnl_bf16}
     * @param tag the layout, such as {@code dnnl_nhwc}
     * @param extents in oneDNN's order of dimensions, which does not depend on the layout: (N, C, H, W), (O, I, H, W)
     */
    MemorySegment tensor(int type, int tag, long... extents) {
        MemorySegment dimensions = numbers(extents);
        return handles.own(
                out -> engine.check(
                        dnnl_memory_desc_create_with_tag(out, extents.length, dimensions, type, tag),
                        "dnnl_memory_desc_create_with_tag",
                        subject),
                handle -> engine.check(dnnl_memory_desc_destroy(handle), "dnnl_memory_desc_destroy", subject));
    }

    /** Extents, strides or paddings as a native array that lives as long as this object. */
    MemorySegment numbers(long... values) {
        return handles.arena().allocateFrom(ValueLayout.JAVA_LONG, values);
    }

    /**
     * Creates attributes of a primitive: the caller provides the scratchpad, and the primitive must be deterministic.
     *
     * @param add whether the result is added to the output
     */
    MemorySegment attributes(boolean add) {
        MemorySegment attributes = handles.own(
                out -> engine.check(dnnl_primitive_attr_create(out), "dnnl_primitive_attr_create", subject),
                handle -> engine.check(dnnl_primitive_attr_destroy(handle), "dnnl_primitive_attr_destroy", subject));
        engine.check(
                dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user()),
                "dnnl_primitive_attr_set_scratchpad_mode",
                subject);
        engine.check(
                dnnl_primitive_attr_set_deterministic(attributes, 1), "dnnl_primitive_attr_set_deterministic", subject);
        if (add) {
            MemorySegment after = handles.own(
                    out -> engine.check(dnnl_post_ops_create(out), "dnnl_post_ops_create", subject),
                    handle -> engine.check(dnnl_post_ops_destroy(handle), "dnnl_post_ops_destroy", subject));
            engine.check(
                    dnnl_post_ops_append_sum(after, 1, 0, dnnl_data_type_undef()), "dnnl_post_ops_append_sum", subject);
            engine.check(
                    dnnl_primitive_attr_set_post_ops(attributes, after), "dnnl_primitive_attr_set_post_ops", subject);
        }
        return attributes;
    }

    @Override
    public void close() {
        handles.close();
    }
}
