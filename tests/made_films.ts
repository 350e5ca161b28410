// Films of mini-MIAS's form with their labels, made by code.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const SIDE = 1024;
export const WOMEN = 6;

// The half ellipse of a breast at the left edge of a dark film, with a bright disc where asked.
function film(disc: boolean, n: number): Buffer {
  const pixels = Buffer.alloc(SIDE * SIDE, 5);
  for (let y = 300; y < 700; y++) {
    for (let x = 0; x < 200; x++) {
      if ((x / 200) ** 2 + ((y - 500) / 200) ** 2 >= 1) continue;
      const inDisc = disc && Math.hypot(x - 100, y - 523) < 30;
      pixels[y * SIDE + x] = (inDisc ? 200 : 90) + ((x * 7 + y * 13 + n) % 20);
    }
  }
  return Buffer.concat([Buffer.from(`P5 ${SIDE} ${SIDE} 255\n`), pixels]);
}

// Into the folder: two films each of six women; the first of every other woman has a finding, at
// row 523 from the top, which is 500 from the bottom.
export function makeFilms(folder: string): void {
  const rows = ["image,background_tissue,abnormality,severity,x,y,radius,woman"];
  for (let n = 0; n < 2 * WOMEN; n++) {
    const id = `mdb${String(n + 1).padStart(3, "0")}`;
    const woman = `pair${Math.floor(n / 2)}`;
    const finding = n % 4 === 0;
    rows.push(finding ? `${id},F,CIRC,B,100,500,30,${woman}` : `${id},F,NORM,,,,,${woman}`);
    writeFileSync(join(folder, `${id}.pgm`), film(finding, n));
  }
  writeFileSync(join(folder, "labels.csv"), rows.join("\r\n") + "\r\n");
}
