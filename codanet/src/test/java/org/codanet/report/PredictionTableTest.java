package org.codanet.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.codanet.explain.ClassScore;
import org.junit.jupiter.api.Test;

final class PredictionTableTest {
    @Test
    void quotesFieldsAsRfc4180() {
        PredictionTable table = new PredictionTable();
        table.add(
                "a, \"b\".png", List.of(new ClassScore(2, "cat\nwild", 1.5, 0.75), new ClassScore(0, "dög", -1, 0.25)));
        table.addUnreadable("c.png", "c.png: is cut short");
        assertEquals("""
                image,rank,class,label,probability,logit,error
                "a, ""b"".png",1,2,"cat
                wild",0.75,1.5,
                "a, ""b"".png",2,0,dög,0.25,-1.0,
                c.png,,,,,,c.png: is cut short
                """, table.toString());
    }
}
