package org.codanet.nn.cpu.dnnl;

import static org.codanet.bindings.dnnl.Dnnl.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.ToIntFunction;
import org.codanet.bindings.dnnl.dnnl_exec_arg_t;
import org.codanet.nn.cpu.runtime.CpuMemory;

/** A primitive of oneDNN for fixed extents and formats, with a memory object for each of its arguments. */
final class DnnlPrimitive implements AutoCloseable {
    private final DnnlEngine engine;
    private final Object subject;
    private final List<Integer> roles;
    private final DnnlHandles handles = new DnnlHandles();
    private final MemorySegment description;
    private final MemorySegment primitive;
    private final MemorySegment[] memories;
    private final MemorySegment arguments;
    private final long scratchBytes;

    /**
     * Creates the primitive.
     *
     * @param subject what it computes, for messages
     * @param roles its arguments, {@code DNNL_ARG_*}, in the order in which {@link #execute} takes them
     * @param function the function that {@code describe} calls
     * @param describe writes a primitive descriptor to the given pointer and returns the status; the attributes must select a scratchpad
     *     that the caller provides
     */
    DnnlPrimitive(
            DnnlEngine engine,
            Object subject,
            List<Integer> roles,
            String function,
            ToIntFunction<MemorySegment> describe) {
        this.engine = engine;
        this.subject = subject;
        this.roles = List.copyOf(roles);
        try {
            engine.useThreads();
            description = handles.own(
                    out -> engine.check(describe.applyAsInt(out), function, subject),
                    handle ->
                            engine.check(dnnl_primitive_desc_destroy(handle), "dnnl_primitive_desc_destroy", subject));
            primitive = handles.own(
                    out -> engine.check(dnnl_primitive_create(out, description), "dnnl_primitive_create", subject),
                    handle -> engine.check(dnnl_primitive_destroy(handle), "dnnl_primitive_destroy", subject));
            MemorySegment scratchpad = dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md(), 0);
            scratchBytes = scratchpad.equals(MemorySegment.NULL) ? 0 : dnnl_memory_desc_get_size(scratchpad);
            int count = roles.size() + (scratchBytes > 0 ? 1 : 0);
            memories = new MemorySegment[count];
            arguments = dnnl_exec_arg_t.allocateArray(count, handles.arena());
            for (int i = 0; i < count; i++) {
                boolean ours = i < roles.size();
                memories[i] = memory(ours ? format(roles.get(i)) : scratchpad);
                MemorySegment argument = dnnl_exec_arg_t.asSlice(arguments, i);
                dnnl_exec_arg_t.arg(argument, ours ? roles.get(i) : DNNL_ARG_SCRATCHPAD());
                dnnl_exec_arg_t.memory(argument, memories[i]);
            }
        } catch (RuntimeException | Error e) {
            handles.close();
            throw e;
        }
    }

    private MemorySegment memory(MemorySegment format) {
        return handles.own(
                out -> engine.check(
                        dnnl_memory_create(out, format, engine.engine(), MemorySegment.NULL),
                        "dnnl_memory_create",
                        subject),
                handle -> engine.check(dnnl_memory_destroy(handle), "dnnl_memory_destroy", subject));
    }

    /** The descriptor that oneDNN selected for an argument. Owned by this object. */
    MemorySegment format(int role) {
        return dnnl_primitive_desc_query_md(description, dnnl_query_exec_arg_md(), role);
    }

    /** Bytes of an argument. */
    long bytes(int role) {
        return dnnl_memory_desc_get_size(format(role));
    }

    /** The primitive descriptor, as a hint for another primitive. Owned by this object. */
    MemorySegment description() {
        return description;
    }

    /**
     * Runs the primitive and waits until it is done.
     *
     * @param memory provides the scratchpad during the call
     * @param owner path of the scope for which the scratchpad is counted
     * @param data values of the arguments, in the order of the roles
     */
    void execute(CpuMemory memory, String owner, MemorySegment... data) {
        if (data.length != roles.size()) {
            throw new IllegalArgumentException(
                    subject + ": " + data.length + " arguments, planned for " + roles.size());
        }
        CpuMemory.Block scratch = scratchBytes == 0 ? null : memory.take(scratchBytes, owner);
        try {
            engine.useThreads();
            for (int i = 0; i < memories.length; i++) {
                MemorySegment values = i < data.length ? data[i] : scratch.segment();
                engine.check(dnnl_memory_set_data_handle(memories[i], values), "dnnl_memory_set_data_handle", subject);
            }
            engine.check(
                    dnnl_primitive_execute(primitive, engine.stream(), memories.length, arguments),
                    "dnnl_primitive_execute",
                    subject);
            engine.check(dnnl_stream_wait(engine.stream()), "dnnl_stream_wait", subject);
        } finally {
            if (scratch != null) {
                scratch.release();
            }
        }
    }

    @Override
    public void close() {
        handles.close();
    }

    /** Name of oneDNN's implementation, such as {@code jit:avx512_core}. */
    String implementation() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocate(C_POINTER);
            engine.check(
                    dnnl_primitive_desc_query(description, dnnl_query_impl_info_str(), 0, name),
                    "dnnl_primitive_desc_query",
                    subject);
            return name.get(C_POINTER, 0).getString(0);
        }
    }
}
