import { Random } from './random.js';

interface Country {
  readonly first: readonly string[];
  readonly last: readonly string[];
}

const words = (text: string): readonly string[] => text.split(' ');

const COUNTRIES: readonly Country[] = [
  {
    first: words('Ada Chidi Ngozi Emeka Ifeoma Tunde Amaka Obinna Yetunde Kelechi Zainab Segun'),
    last: words('Okafor Adeyemi Balogun Eze Nwosu Okoye Adebayo Ibrahim Onyeka Olawale'),
  },
  {
    first: words('Lena Jonas Katharina Felix Mareike Lukas Annika Moritz Sabine Tobias Greta Henning'),
    last: words('Vogel Schäfer Krüger Brandt Lindner Hoffmann Weiß Petersen Neumann Seidel'),
  },
  {
    first: words('Camille Hugo Élodie Antoine Margaux Théo Aurélie Bastien Chloé Romain Inès Mathieu'),
    last: words('Lefèvre Moreau Garnier Rousseau Chevalier Dubois Perrin Fontaine Marchand Gauthier'),
  },
  {
    first: words('Lucía Mateo Carmen Álvaro Marta Javier Nuria Diego Elena Sergio Pilar Iker'),
    last: words('García Navarro Ortega Molina Herrera Castillo Ibáñez Serrano Vidal Muñoz'),
  },
  {
    first: words('Ananya Rohan Priya Arjun Kavya Vikram Meera Siddharth Nandini Karthik Isha Rahul'),
    last: words('Iyer Sharma Banerjee Patel Reddy Nair Kulkarni Chatterjee Menon Gupta'),
  },
  {
    first: words('Ingrid Lars Astrid Henrik Solveig Magnus Maja Bjørn Sigrid Oskar Linnéa Jens'),
    last: words('Lindqvist Berg Sørensen Nygård Holm Johansson Dahl Strand Ekström Hauge'),
  },
  {
    first: words('Zofia Jakub Agnieszka Piotr Magdalena Tomasz Kinga Marek Ewa Krzysztof Hanna Paweł'),
    last: words('Kowalczyk Nowicki Zieliński Wójcik Dąbrowska Lis Kamińska Wrona Malinowski Sobczak'),
  },
  {
    first: words('Yuki Haruto Sakura Kenji Aiko Ren Naomi Takumi Emi Daichi Mio Shota'),
    last: words('Tanaka Mori Ishikawa Fujita Yamamoto Nakagawa Okada Hayashi Kobayashi Endo'),
  },
  {
    first: words('Isabela João Beatriz Rafael Larissa Thiago Mariana Caio Luiza Bruno Letícia Davi'),
    last: words('Almeida Barbosa Cardoso Duarte Ferreira Gonçalves Moraes Pereira Ribeiro Teixeira'),
  },
  {
    first: words('Aoife Callum Imogen Rhys Niamh Alistair Harriet Owen Freya Declan Rosalind Ewan'),
    last: words("Murphy Campbell Whitaker Llewellyn O'Sullivan Fraser Ashworth Hughes Bennett Gallagher"),
  },
  {
    first: words('Elif Emre Zeynep Kerem Defne Burak Selin Onur Ayşe Deniz Ece Mert'),
    last: words('Yılmaz Demir Kaya Şahin Aydın Öztürk Arslan Doğan Koç Polat'),
  },
  {
    first: words('Mei Jun Xiulan Wei Lan Hao Ying Tao Qing Bo Lihua Chen'),
    last: words('Wang Zhang Liu Zhao Huang Zhou Sun Guo Lin Xu'),
  },
];

/** Letters that do not come apart into a Latin one and a mark. */
const FOLDED: Readonly<Record<string, string>> = { ø: 'o', ł: 'l', ß: 'ss', ı: 'i', đ: 'd' };

/** A person of the sample: a name and an address at `example.org`, which reaches nobody. */
export interface Person {
  readonly name: string;
  readonly email: string;
}

/** Person number `n` of a product; number 0 is the well-known one for trying things out. */
export function personAt(kind: string, n: number, demoName: string): Person {
  if (n === 0) return { name: demoName, email: 'demo@example.org' };
  const random = new Random(`${kind}.person`, n);
  const country = random.pick(COUNTRIES);
  const first = random.pick(country.first);
  // One in eight has a family name from elsewhere, as people do.
  const last = random.pick((random.chance(0.125) ? random.pick(COUNTRIES) : country).last);
  return { name: `${first} ${last}`, email: `${fold(first)}.${fold(last)}.${n}@example.org` };
}

function fold(name: string): string {
  return name
    .toLowerCase()
    .normalize('NFD')
    .replace(/[^a-z]/g, (letter) => FOLDED[letter] ?? '');
}
